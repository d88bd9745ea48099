package speech

var englishPhrases = map[string]string{
	// while waiting in a queue
	"please_wait":    "Please hold the line.",
	"all_busy":       "All our agents are busy. Please stay on the line.",
	"still_busy":     "Thank you for waiting. We will be with you as soon as we can.",
	"position":       "You are number {position|number} in line.",
	"position_first": "You are next in line.",
	"expected_wait":  "The expected wait is {wait}.",
	"wait_under":     "less than {duration|duration}",
	"wait_about":     "about {duration|duration}",
	"wait_over":      "more than {duration|duration}",
	"recorded":       "This call may be recorded.",

	// menus and what is keyed
	"invalid_entry":   "That is not a choice.",
	"no_input":        "We have not heard your choice.",
	"confirm_digits":  "You entered {digits|digits}. If that is right, press one. To enter it again, press two.",
	"too_short":       "That is too short. Please enter it again.",
	"closed":          "We are closed at the moment.",
	"transferring":    "One moment, please. We are putting you through.",
	"transfer_failed": "We could not reach anybody there.",
	"trouble":         "Something went wrong on our side. Please call again later.",
	"goodbye":         "Goodbye.",

	// voicemail, for those who leave a message
	"voicemail_greeting":       "Nobody can take your call right now.",
	"voicemail_greeting_named": "{name} cannot take your call right now.",
	"voicemail_after_tone":     "Please leave a message after the tone. When you are done, hang up, or press the hash key.",
	"voicemail_review":         "To keep your message, press one. To hear it, press two. To record it again, press three.",
	"voicemail_kept":           "Your message is kept.",
	"voicemail_too_short":      "Your message is too short to be kept.",
	"voicemail_full":           "This mailbox is full. Please call again later.",

	// voicemail, for those who listen
	"voicemail_ask_box":        "Please enter the number of your mailbox, then the hash key.",
	"voicemail_ask_pin":        "Please enter your pin, then the hash key.",
	"voicemail_wrong_pin":      "That pin is not right.",
	"voicemail_locked":         "Too many attempts. Please try again later.",
	"voicemail_none":           "You have no messages.",
	"voicemail_new":            "You have {count|number} new {count?message|messages}.",
	"voicemail_old":            "You have {count|number} old {count?message|messages}.",
	"voicemail_new_and_old":    "You have {new|number} new {new?message|messages} and {old|number} old {old?message|messages}.",
	"voicemail_message":        "Message {position|number}.",
	"voicemail_from":           "From {number|digits}.",
	"voicemail_from_unknown":   "From an unknown number.",
	"voicemail_received":       "Received on {at|date short}, at {at|time}.",
	"voicemail_menu":           "To hear it again, press one. To save it, press two. To delete it, press three. To forward it, press four. For the next one, press the hash key.",
	"voicemail_last":           "There are no more messages.",
	"voicemail_saved":          "Saved.",
	"voicemail_deleted":        "Deleted.",
	"voicemail_ask_forward":    "Please enter the number to forward it to, then the hash key.",
	"voicemail_forwarded":      "Forwarded.",
	"voicemail_forward_failed": "There is no mailbox with that number.",
	"voicemail_gone":           "This message cannot be played.",

	// agents on their phones
	"agent_ask_number": "Please enter your agent number, then the hash key.",
	"agent_ask_pin":    "Please enter your pin, then the hash key.",
	"agent_unknown":    "That number or that pin is not right.",
	"agent_signed_in":  "You are signed in.",
	"agent_ready":      "You are ready to take calls.",
	"agent_paused":     "You are paused.",
	"agent_signed_off": "You are signed off.",
	"agent_refused":    "You cannot do that now.",
	"remote_accept":    "A call for {queue}. To take it, press one. To refuse it, press two.",
	"remote_gone":      "The caller has gone.",

	// being called back
	"callback_offer":        "To be called back without losing your place in line, press {key|digits}.",
	"callback_number":       "We will call you on {number|digits phone}. If that is right, press one. For another number, press two.",
	"callback_ask_number":   "Please enter the number to call, with its area code, then the hash key.",
	"callback_confirmed":    "Thank you. We will call you back. You keep your place in line.",
	"callback_refused":      "We cannot call that number.",
	"callback_declined":     "You stay on the line. You keep your place.",
	"callback_greeting":     "This is {name}. You asked us to call you back.",
	"callback_accept":       "To speak to us now, press one. To end this request, press two.",
	"callback_not_possible": "We cannot call you back at the moment. Please stay on the line.",

	// trying things out
	"echo_test": "This is the echo test. You will hear everything you say. To end it, hang up.",
}
