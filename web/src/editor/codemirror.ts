// Everything that needs CodeMirror, so that it comes as one file, and only with the first page that needs it.
export { CodePane } from './CodePane';
export { DiffPane } from './DiffPane';
export { MergePane } from './MergePane';
