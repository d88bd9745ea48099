// Package firmware is what stands around the binary on a box: the systemd unit and the Debian package today,
// the appliance image and its A/B update later.
package firmware
