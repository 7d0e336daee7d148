// Package report turns the finished result of a drill into something to read:
// text for a terminal, JSON, JUnit XML, Markdown for a CI job summary and one
// self-contained HTML page. Every report is a function from a result to a
// writer; nothing here measures, and nothing here changes a result.
//
// A result may have been read from a file that somebody else wrote, so every
// name in it is made harmless for the place where it is shown.
package report
