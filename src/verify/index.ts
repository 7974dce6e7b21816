/** Histories of what clients asked and were told, and checkers of them. No I/O: runs anywhere. */
export * from './history.js';
export { HistoryRecorder, type RecordedCall } from './historyRecorder.js';
export { decodeHistory, encodeHistory, HistoryFormatError } from './historyCodec.js';
export { canonicalJson } from './canonicalJson.js';
export type { Verdict, Violation } from './verdict.js';
export { checkFiles, checkHistory } from './linearizability.js';
export { checkKeyValues, keyValueModel } from './keyValueModel.js';
export { fileMapModel } from './fileMapModel.js';
export { searchLinearization, type Interval, type Model, type SearchOptions } from './wgl.js';
