package hcl

// kinds are all blocks of the language, in the order of the reference.
var kinds = []*kind{
	applianceKind, sipKind, mediaKind, webKind,
	trunkKind, extensionKind, routeKind, scheduleKind, promptKind, musicKind,
	userKind, agentKind, teamKind,
	ivrKind, queueKind, ringGroupKind, conferenceKind, voicemailKind, surveyKind,
	campaignKind, listKind, pluginKind, verticalKind,
	recordingKind, retentionKind, backupKind, metricsKind, securityKind, featureCodesKind,
	smtpKind, smsKind, ttsKind,
	variableKind, localsKind,
}

// stepKinds are the steps of a flow.
var stepKinds = []*kind{
	playKind, menuKind, collectKind, runKind, whenKind, otherwiseKind, setKind, tagKind, languageKind,
	answerKind, waitKind, queueStepKind, transferKind, voicemailStepKind, recordStepKind, callbackKind, hangupKind,
}

func kindOf(name string) *kind {
	for _, k := range kinds {
		if k.name == name {
			return k
		}
	}
	return nil
}

func findStep(name string) *kind { return stepIn(stepKinds, name) }

// testStepKinds are the steps of a call-flow test.
var testStepKinds = []*kind{
	testCallKind, testPressKind, testSpeakKind, testWaitKind, testHangupKind, testAgentKind, testSupervisorKind, testReloadKind, testExpectKind,
}

// stepIn is the kind of that name among the steps that may stand somewhere.
func stepIn(all []*kind, name string) *kind {
	for _, k := range all {
		if k.name == name {
			return k
		}
	}
	return nil
}

func namesOf(all []*kind) []string {
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = k.name
	}
	return names
}
