package hcl

// TTS is the voice that speaks the texts of prompts.
type TTS struct {
	// Engine: espeak (on the box, small), piper (on the box, natural) or http (a
	// service at URL).
	Engine string `hcl:"engine" is:"espeak|piper|http" default:"espeak"`
	// Voices by language: { "zh-Hant" = "zh_TW-female" }.
	Voices map[string]string `hcl:"voices" is:"by-language"`
	// Speed of speech, 0.5 to 2.
	Speed float64 `hcl:"speed" is:"0.5..2" default:"1"`
	// URL of the service; for http. It gets text, language and voice as JSON and
	// returns WAV.
	URL string `hcl:"url" is:"web-url"`
	// Token for the service: secret("tts").
	Token Secret `hcl:"token"`
}

var ttsKind = &kind{name: "tts", new: func() any { return new(TTS) }, effect: newCalls, example: `
tts {
  engine = "http"
  voices = { "zh-Hant" = "mei", en = "amy" }
  speed  = 1
  url    = "https://voice.example/speak"
  token  = secret("tts")
}
`}

func (t *TTS) check(l *loader, b *block) {
	if t.Engine == "http" {
		b.needs(l, `tts with engine = "http"`, "url")
		return
	}
	b.refuses(l, `tts with engine = "`+t.Engine+`"`, []string{"url", "token"})
}
