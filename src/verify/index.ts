/** Histories of what clients asked and were told, and checkers of them. No I/O: runs anywhere. */
export * from './history.js';
export { HistoryRecorder, type RecordedCall } from './historyRecorder.js';
export { decodeHistory, encodeHistory, HistoryFormatError } from './historyCodec.js';
export { canonicalJson, checkKeyValues, fileMapModel, keyValueModel } from './models.js';
export { checkFiles, checkHistory } from './linearizability.js';
export { searchLinearization, type Model, type SearchOptions } from './wgl.js';
export type { Interval } from './timeLine.js';
