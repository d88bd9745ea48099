// Package report counts what happened: intervals, service levels and staffing formulas, as folds over the
// journal. It arrives with the ACD release.
package report
