package record

import "fmt"

// SummaryType is the media type of what Summary writes.
const SummaryType = "application/simple-message-summary"

// Summary is what a phone is told of its messages (RFC 3842 section 5). Account is the address that the phone dials to hear
// them, such as sip:*97@192.168.0.2; empty: it is not said.
func Summary(account string, fresh, old int) []byte {
	waiting := "no"
	if fresh > 0 {
		waiting = "yes"
	}
	body := "Messages-Waiting: " + waiting + "\r\n"
	if account != "" {
		body += "Message-Account: " + account + "\r\n"
	}
	return fmt.Appendf(nil, "%sVoice-Message: %d/%d (0/0)\r\n", body, fresh, old)
}
