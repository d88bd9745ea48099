package media

import "sync"

// Music is the built-in music on hold: always the same Sound, made to be played in a loop.
func Music() *Sound { return music() }

var music = sync.OnceValue(func() *Sound { return ownSound(make([]int16, sampleRate)) })
