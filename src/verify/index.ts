/** Histories of what clients asked and were told, and checkers of them. No I/O: runs anywhere. */
export * from './history.js';
export { HistoryRecorder, type RecordedCall } from './historyRecorder.js';
export { decodeHistory, encodeHistory, HistoryFormatError } from './historyCodec.js';
export { canonicalJson, checkKeyValues, fileMapModel, keyValueModel } from './models.js';
export { checkFiles, checkHistory, type Verdict, type Violation } from './linearizability.js';
export { searchLinearization, type Interval, type Model, type SearchOptions } from './wgl.js';
