export { timeCalls, timeEpochs } from '../lib/benchmark/timing.js'

/** Epochs of training whose loss is compared, and which warm caches and clocks: not timed. */
export const epochsBefore = 2
