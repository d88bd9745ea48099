package media

import "testing"

// TestRows proves the rows of docs/rows.md that are this room's, each by its id: `go test -v -run TestRows/M-12`.
func TestRows(t *testing.T) {
	for _, row := range rows {
		t.Run(row.says, row.prove)
	}
}

var rows = []struct {
	says  string
	prove func(*testing.T)
}{
	{"S-25 every offer gets an answer in its own order", rowS25WhatAnOfferIsAnsweredWith},
	{"S-25 offers that cannot be are refused", rowS25OffersThatAreRefused},
	{"S-25 a later offer of ours keeps the places of refused media", rowS25ALaterOfferOfOursKeepsThePlacesOfRefusedMedia},
	{"S-25 a payload number means one thing from the first offer to the last", rowS25ANumberMeansOneThingFromTheFirstOfferToTheLast},
	{"S-25 keys are passed on under the other side's number, and told once", rowS25KeysArePassedOnUnderTheOtherSidesNumberAndToldOnce},
	{"S-25 phones hear and are heard in packets of any length", rowS25PhonesHearAndAreHeardInPacketsOfAnyLength},
	{"S-25 who does not agree on encryption has no call", rowS25WhoDoesNotAgreeOnEncryptionHasNoCall},
	{"S-25 what was encrypted is never plain again", rowS25WhatWasEncryptedIsNeverPlainAgain},
	{"M-02 who is heard, row by row", rowM02WhoIsHeard},
	{"M-02 who is behind a router hears and is heard from its first packet on", rowM02WhoIsBehindARouterHearsAndIsHeardFromItsFirstPacketOn},
	{"M-04 a stranger is neither heard nor can he press keys", rowM04AStrangerIsNeitherHeardNorCanHePressKeys},
	{"M-05 sound and control share a port when the peer asks for it", rowM05SoundAndControlShareAPortWhenThePeerAsksForIt},
	{"M-05 control that lies ends no call", rowM05ControlThatLiesEndsNoCall},
	{"M-05 encrypted control is read, and forged control is not", rowM05EncryptedControlIsReadAndForgedControlIsNot},
	{"M-06 packets that lie about their lengths are dropped", rowM06PacketsThatLieAreDropped},
	{"M-06 forged and repeated packets are refused, and the call lives", rowM06ForgedAndRepeatedPacketsAreRefusedAndTheCallLives},
	{"M-06 numbers that roll over are counted while sources change", rowM06NumbersThatRollOverAreCountedWhileSourcesChange},
	{"M-08 half-open handshakes are bounded, and others get their turn", rowM08HalfOpenHandshakesAreBoundedAndOthersGetTheirTurn},
	{"M-08 a stranger's handshake ends no call", rowM08AStrangersHandshakeEndsNoCall},
	{"M-08 a flood of fragments costs little memory", rowM08AFloodOfFragmentsCostsLittleMemory},
	{"M-08 bombs in a handshake end nothing but the call", rowM08BombsInAHandshakeEndNothingButTheCall},
	{"M-08 who is not the one that was signalled has no call and no sound", rowM08WhoIsNotTheOneThatWasSignalledHasNoCallAndNoSound},
	{"M-09 a check that proves nothing is not answered", rowM09ACheckThatProvesNothingIsNotAnswered},
	{"M-09 thousands of candidates are no burden", rowM09ThousandsOfCandidatesAreNoBurden},
	{"M-09 we check nobody's candidates", rowM09WeCheckNobodysCandidates},
	{"M-09 a browser that is gone is noticed", rowM09ABrowserThatIsGoneIsNoticed},
	{"M-11 all ports come back after ten thousand calls", rowM11AllPortsComeBackAfterTenThousandCalls},
	{"M-11 the call beyond the last port is refused", rowM11TheCallBeyondTheLastPortIsRefused},
	{"M-12 a port rests until the late packets of its call are gone", rowM12APortRestsUntilTheLatePacketsOfItsCallAreGone},
	{"M-12 nobody hears another call", rowM12NobodyHearsAnotherCall},
	{"M-12 nobody hears another call through another codec", rowM12NobodyHearsAnotherCallThroughAnotherCodec},
	{"M-13 sound goes on while its owners hang and memory is collected", rowM13SoundGoesOnWhileItsOwnersHangAndMemoryIsCollected},
	{"M-15 sound bombs harm nobody", rowM15SoundBombsHarmNobody},
	{"T-04 damaged sound and descriptions cost little", rowT04DamagedSoundAndDescriptionsCostLittle},
}
