// Package dialer decides whom we call next, and whether we may: one loop a campaign. It arrives with the dialer
// release.
package dialer
