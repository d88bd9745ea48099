package hcl

import "errors"

// maxWork bounds what all expressions of a configuration may cause together:
// bytes moved, elements visited, steps of patterns. A large office needs about
// a hundredth of it. maxLiveWork is what one live expression may cause each time
// it is computed.
const (
	maxWork     = 32 << 20
	maxLiveWork = 1 << 20
)

// meter counts the work that expressions cause.
type meter struct{ spent, most int }

// charge counts work; false when there has been too much.
func (m *meter) charge(n int) bool {
	if n < 0 || n > m.most {
		n = m.most
	}
	if m.spent < 2*m.most {
		m.spent += n
	}
	return m.spent <= m.most
}

var (
	errTooMuch     = errors.New("this would compute too much; all expressions of a configuration together move at most 32 MB")
	errLiveTooMuch = errors.New("this would compute too much; a live expression moves at most 1 MB")
)

func (m *meter) tooMuch() error {
	if m.most == maxLiveWork {
		return errLiveTooMuch
	}
	return errTooMuch
}
