package journal

// Folder is Fold, one event at a time. The zero value is ready.
type Folder struct {
	cdr CDR
}

// Add takes the next event of the call.
func (f *Folder) Add(e Event) {}

// CDR returns what the events so far amount to.
func (f *Folder) CDR() CDR { return f.cdr }
