package hcl

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// singletons are the blocks that exist once, whether they are written or not.
var singletons = []*kind{
	applianceKind, sipKind, mediaKind, webKind,
	recordingKind, retentionKind, metricsKind, securityKind, featureCodesKind, ttsKind,
}

// decodeSingletons fills the blocks that exist once, whether they were written
// or not: the appliance first, since others name its values.
func (l *loader) decodeSingletons() {
	for _, k := range singletons {
		b := l.named[k.name][""]
		if b == nil {
			b = &block{kind: k, body: &hclsyntax.Body{}}
		}
		l.flow = flowOf(b.body)
		switch v := l.decodeNew(b).(type) {
		case *Appliance:
			l.config.Appliance = *v
		case *SIP:
			l.config.SIP = *v
		case *Media:
			l.config.Media = *v
		case *Web:
			l.config.Web = *v
		case *Recording:
			l.config.Recording = *v
		case *Retention:
			l.config.Retention = *v
		case *Metrics:
			l.config.Metrics = *v
		case *Security:
			l.config.Security = *v
		case *FeatureCodes:
			l.config.FeatureCodes = *v
		case *TTS:
			l.config.TTS = *v
		}
	}
}

// afterwards runs a check when every block has been decoded.
func (l *loader) afterwards(check func()) { l.last = append(l.last, check) }

// together checks what shows only between blocks, and fills the Config.
func (l *loader) together() {
	for _, check := range l.last {
		check()
	}
	l.promptValues()
	l.forwardCircles()
	l.sameListen()
	l.sameStaffNumber()
	l.sameAddress()

	c := l.config
	c.Trunks = collected[Trunk](l, "trunk")
	c.Extensions = collected[Extension](l, "extension")
	c.Agents = collected[Agent](l, "agent")
	c.Teams = collected[Team](l, "team")
	c.Users = collected[User](l, "user")
	c.Schedules = collected[Schedule](l, "schedule")
	c.Prompts = collected[Prompt](l, "prompt")
	c.Musics = collected[Music](l, "music")
	c.IVRs = collected[IVR](l, "ivr")
	c.Queues = collected[Queue](l, "queue")
	c.RingGroups = collected[RingGroup](l, "ring_group")
	c.Conferences = collected[Conference](l, "conference")
	c.Voicemails = collected[Voicemail](l, "voicemail")
	c.Surveys = collected[Survey](l, "survey")
	c.Campaigns = collected[Campaign](l, "campaign")
	c.Lists = collected[List](l, "list")
	c.Plugins = collected[Plugin](l, "plugin")
	c.SMTP = collected[SMTP](l, "smtp")[""]
	c.SMS = collected[SMS](l, "sms")[""]
	c.Backup = collected[Backup](l, "backup")[""]
	c.Routes = slices.Collect(maps.Values(collected[Route](l, "route")))
	sortRoutes(c.Routes)
	l.settings.schedules, l.settings.languages, l.settings.zone = c.Schedules, c.Appliance.Languages, c.Appliance.Timezone
	l.hiddenRoutes(c.Routes)
	l.promptLanguages()
	l.flowFindings()
	c.blocks = map[string]map[string]any{}
	for _, k := range kinds {
		for _, name := range l.namesOf(k.name) {
			if c.blocks[k.name] == nil {
				c.blocks[k.name] = map[string]any{}
			}
			c.blocks[k.name][name] = l.named[k.name][name].value
			if !runs[k.name] {
				c.Later[k.name] = append(c.Later[k.name], strings.Fields(name)...)
			}
		}
	}
}

func collected[T any](l *loader, kind string) map[string]*T {
	all := map[string]*T{}
	for name, b := range l.named[kind] {
		if v, ok := b.value.(*T); ok {
			all[name] = v
		}
	}
	return all
}

// sameListen refuses an address that is listened at twice.
func (l *loader) sameListen() {
	b := l.named["sip"][""]
	if b == nil || !b.has("listen") {
		return
	}
	seen := map[string]string{}
	for _, listen := range l.config.SIP.Listen {
		_, where, _ := strings.Cut(listen, "://")
		if strings.HasSuffix(where, ":0") {
			continue // each gets a port of its own
		}
		carrier := "tcp "
		if strings.HasPrefix(listen, "udp") {
			carrier = "udp "
		}
		if first := seen[carrier+where]; first != "" {
			l.fail(b.at("listen"), fmt.Sprintf("%s and %s want the same port", first, listen), "tcp, tls, ws and wss are all TCP: give each a port of its own.")
		}
		seen[carrier+where] = listen
	}
	if w := l.config.Web.Listen; seen["tcp "+w] != "" {
		l.fail(b.at("listen"), fmt.Sprintf("%s and the web pages want the same port", seen["tcp "+w]), fmt.Sprintf("web.listen is %s. Give one of them another port.", w))
	}
}

// sameStaffNumber warns where two agents have the same number.
func (l *loader) sameStaffNumber() {
	first := map[string]*block{}
	for _, name := range l.namesOf("agent") {
		b := l.named["agent"][name]
		a := b.value.(*Agent)
		if other := first[a.Number]; other != nil && a.Number != "" {
			l.warn(b.at("number"), fmt.Sprintf("%s and %s have the same staff number", other.title(), b.title()), fmt.Sprintf("Callers cannot tell them apart. The other is at %s.", placeOf(other.at("number"))))
			continue
		}
		first[a.Number] = b
	}
}

// sameAddress warns where two trunks take calls from the same address: the
// first by name gets them all.
func (l *loader) sameAddress() {
	first := map[netip.Prefix]*block{}
	for _, name := range l.namesOf("trunk") {
		b := l.named["trunk"][name]
		for _, p := range b.value.(*Trunk).AcceptFrom {
			if o := first[p]; o != nil {
				l.warn(b.at("accept_from"), fmt.Sprintf("%s and %s take calls from the same addresses", o.title(), b.title()), fmt.Sprintf("Both accept %s; the smaller network wins, then the name. The other is at %s.", p, placeOf(o.at("accept_from"))))
				continue
			}
			first[p] = b
		}
	}
}
