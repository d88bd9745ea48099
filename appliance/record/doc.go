// Package record keeps what was said: recordings and voicemail, how long they live and who may hear them. It
// arrives with the IVR (voicemail) and recording releases.
package record
