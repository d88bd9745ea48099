package media

// tonePlan has the five tones of a country in the notation of parseTone.
type tonePlan struct{ dial, ringback, busy, congestion, unobtainable string }

// The special information tone of E.180, three rising notes that also machines know, and what goes before an
// announcement in North America for a number nobody has (vacant code).
const (
	sit           = "950 330/0 1400 330/0 1800 330/1000"
	sitVacantCode = "985 380/0 1371 274/0 1777 380/1000"
)

// anyCountry is what E.180 recommends where nothing older is in use: one tone of 425 Hz, told apart by its cadence.
var anyCountry = tonePlan{"425", "425 1000/4000", "425 500/500", "425 250/250", sit}

// tonePlans follows the list of national tones that supplements E.180, and where a country has renewed its plan since, the
// country's own rules. Order of the columns: dial, ringback, busy, congestion, unobtainable.
var tonePlans = map[string]tonePlan{
	// Asia
	"TW": {"350+440", "440+480 1000/2000", "480+620 500/500", "480+620 250/250", sit},                   // Taiwan: North American voices, a quicker ring
	"CN": {"450", "450 1000/4000", "450 350/350", "450 700/700", "450 100/100 100/100 100/100 400/400"}, // China: all of 450 Hz, vacant number stutters
	"HK": {"350+440", "440+480 400/200 400/3000", "480+620 500/500", "480+620 250/250", "480+620"},      // Hong Kong: British rhythm, American voices, unobtainable without a pause
	"JP": {"400", "400*16 1000/2000", "400 500/500", "400 500/500", sit},                                // Japan: the ring trembles at 16 Hz; busy and congestion are one
	"KR": {"350+440", "440+480 1000/2000", "480+620 500/500", "480+620 300/200", sit},                   // Korea: North American voices
	"SG": {"425", "425*24 400/200 400/2000", "425 750/750", "425 250/250", "425 2500/500"},              // Singapore: British rhythm, long unobtainable
	"MY": {"425", "425 400/200 400/2000", "425 500/500", "425 250/250", "425 2500/500"},                 // Malaysia: British rhythm of 425 Hz
	"IN": {"400*25", "400*25 400/200 400/2000", "400 750/750", "400 250/250", "400 2500/500"},           // India: trembling dial and ring
	"PH": {"425", "425+480 1000/4000", "480+620 500/500", "480+620 250/250", sit},                       // Philippines
	"TH": {"400*50", "400 1000/4000", "400 500/500", "400 300/300", sit},                                // Thailand
	"IL": {"414", "414 1000/3000", "414 500/500", "414 250/250", "1000 330/0 1400 330/0 1800 330/1000"}, // Israel: 414 Hz, an information tone that starts at 1000 Hz
	"TR": {"450", "450 2000/4000", "450 500/500", "450 200/200 200/200 200/200 600/200", sit},           // Türkiye: congestion short-short-short-long

	// The Americas
	"US": {"350+440", "440+480 2000/4000", "480+620 500/500", "480+620 250/250", sitVacantCode}, // United States: precise tone plan
	"CA": {"350+440", "440+480 2000/4000", "480+620 500/500", "480+620 250/250", sitVacantCode}, // Canada: the same plan
	"MX": {"425", "425 1000/4000", "425 250/250", "425 250/250", sit},                           // Mexico: busy and congestion are one
	"BR": {"425", "425 1000/4000", "425 250/250", "425 250/250", "425 250/250 750/250"},         // Brazil: unobtainable short-long
	"CL": {"400", "400 1000/3000", "400 500/500", "400 200/200", sit},                           // Chile

	// Europe
	"GB": {"350+440", "400+450 400/200 400/2000", "400 375/375", "400 400/350 225/525", "400"},                           // United Kingdom: double ring, uneven congestion, steady unobtainable
	"IE": {"425", "400+450 400/200 400/2000", "425 500/500", "425 250/250", sit},                                         // Ireland: British ring, European rest
	"DE": {"425", "425 1000/4000", "425 480/480", "425 240/240", sit},                                                    // Germany
	"AT": {"420", "420 1000/5000", "420 400/400", "420 200/200", "950 330/0 1450 330/0 1850 330/1000"},                   // Austria: 420 Hz, its own information tone
	"CH": {"425", "425 1000/4000", "425 500/500", "425 200/200", sit},                                                    // Switzerland
	"FR": {"440", "440 1500/3500", "440 500/500", "440 250/250", sit},                                                    // France: concert pitch
	"IT": {"425 200/200 600/1000", "425 1000/4000", "425 500/500", "425 200/200", sit},                                   // Italy: the dial tone is short-long
	"ES": {"425", "425 1500/3000", "425 200/200", "425 200/200 200/200 200/600", sit},                                    // Spain: quick busy, congestion in threes
	"PT": {"425", "425 1000/5000", "425 500/500", "425 200/200", sit},                                                    // Portugal
	"NL": {"425", "425 1000/4000", "425 500/500", "425 250/250", sit},                                                    // Netherlands
	"BE": {"425", "425 1000/3000", "425 500/500", "425 167/167", "900 330/0 1400 330/0 1800 330/1000"},                   // Belgium: an information tone that starts at 900 Hz
	"LU": {"425", "425 1000/4000", "425 480/480", "425 240/240", sit},                                                    // Luxembourg: as Germany
	"SE": {"425", "425 1000/5000", "425 250/250", "425 250/750", "950 332/24 1400 332/24 1800 332/2024"},                 // Sweden: congestion with long pauses
	"NO": {"425", "425 1000/4000", "425 500/500", "425 200/200", sit},                                                    // Norway
	"DK": {"425", "425 1000/4000", "425 500/500", "425 200/200", sit},                                                    // Denmark
	"FI": {"425", "425 1000/4000", "425 300/300", "425 200/200", "950 650/325 950 325/30 1400 1300/2600"},                // Finland: two notes instead of three
	"EE": {"425", "425 1000/4000", "425 300/300", "425 200/200", "950 650/325 950 325/30 1400 1300/2600"},                // Estonia: as Finland
	"LT": {"425", "425 1000/4000", "425 350/350", "425 200/200", sit},                                                    // Lithuania
	"PL": {"425", "425 1000/4000", "425 500/500", "425 500/500", sit},                                                    // Poland: busy and congestion are one
	"CZ": {"425 330/330 660/660", "425 1000/4000", "425 330/330", "425 165/165", "950 330/30 1400 330/30 1800 330/1000"}, // Czechia: the dial tone is short-long
	"HU": {"425", "425 1250/3750", "425 300/300", "425 300/300", sit},                                                    // Hungary
	"BG": {"425", "425 1000/4000", "425 500/500", "425 250/250", sit},                                                    // Bulgaria
	"GR": {"425 200/300 700/800", "425 1000/4000", "425 300/300", "425 200/200", sit},                                    // Greece: the dial tone is short-long
	"RU": {"425", "425 1000/4000", "425 350/350", "425 175/175", sit},                                                    // Russia

	// Africa and the Pacific
	"ZA": {"400*33", "400*33 400/200 400/2000", "400 500/500", "400 250/250", "400 2500/500"},                  // South Africa: British rhythm, trembling at 33 Hz
	"AU": {"413+438", "413+438 400/200 400/2000", "425 375/375", "425 375/375 425-10 375/375", "425 2500/500"}, // Australia: every second congestion burst 10 dB softer
	"NZ": {"400", "400+450 400/200 400/2000", "400 500/500", "400 250/250", "400 75/100 75/100 75/100 75/400"}, // New Zealand: unobtainable in quick fours
}
