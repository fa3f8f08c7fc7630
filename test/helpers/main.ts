import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import * as scenarios from './scenarios.js'

// What runs a scenario in a child process (named on the command line) or in a worker thread (named
// in its data): see run.ts.

const [name, argument] = (
  isMainThread ? [process.argv[2], JSON.parse(process.argv[3] ?? 'null')] : workerData
) as [keyof typeof scenarios, never]

const say = (value: unknown): void => {
  if (parentPort === null) process.stdout.write(`${JSON.stringify(value)}\n`)
  else parentPort.postMessage(value)
}

await scenarios[name](say, argument)
