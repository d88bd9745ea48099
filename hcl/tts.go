package hcl

// TTS is the voice that speaks the texts of prompts.
type TTS struct {
	// Engine: espeak (espeak-ng on the box, small), piper (on the box, natural), a
	// command of yours, http (a service at URL), or none: then recordings and
	// tones are played, and texts are not spoken.
	Engine string `hcl:"engine" is:"espeak|piper|command|http|none" default:"espeak"`
	// Voices by language: { "zh-Hant" = "zh_TW-female" }; a voice of zh serves
	// zh-Hant too. For piper the path of its model.
	Voices map[string]string `hcl:"voices" is:"by-language"`
	// Speed of speech, 0.5 to 2.
	Speed float64 `hcl:"speed" is:"0.5..2" default:"1"`
	// Command is the program and its arguments; for command. {text}, {voice},
	// {language} and {speed} are replaced; without {text} the text comes on its
	// standard input. It writes WAV to its standard output.
	Command []string `hcl:"command" is:"1..1000"`
	// URL of the service; for http. It is asked as services of the shape
	// /v1/audio/speech are, and answers with WAV; without a path that one is added.
	URL string `hcl:"url" is:"web-url"`
	// Model of the service; for http. When not written: "tts-1".
	Model string `hcl:"model" is:"1..200"`
	// Token for the service, sent as a bearer token: secret("tts").
	Token Secret `hcl:"token"`
}

var ttsKind = &kind{name: "tts", new: func() any { return new(TTS) }, effect: newCalls, example: `
tts {
  engine = "http"
  voices = { "zh-Hant" = "mei", en = "amy" }
  speed  = 1
  url    = "https://voice.example/v1/audio/speech"
  model  = "tts-1"
  token  = secret("tts")
}
`}

func (t *TTS) check(l *loader, b *block) {
	own := map[string][]string{"command": {"command"}, "http": {"url", "model", "token"}}
	for _, engine := range []string{"command", "http"} {
		if engine != t.Engine {
			b.refuses(l, `tts with engine = "`+t.Engine+`"`, own[engine])
		}
	}
	switch t.Engine {
	case "command":
		if b.needs(l, `tts with engine = "command"`, "command") && b.has("command") && len(t.Command) == 0 {
			l.fail(b.at("command"), "command is empty", `Name the program and its arguments: ["my-voice", "--language", "{language}"].`)
		}
	case "http":
		b.needs(l, `tts with engine = "http"`, "url")
	}
}
