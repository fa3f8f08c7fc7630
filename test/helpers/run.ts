import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type * as scenarios from './scenarios.js'

const main = new URL('main.js', import.meta.url)

/** The name of a function of scenarios.ts. */
export type Scenario = keyof typeof scenarios

/** How a child process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What the scenario said, one value after the other. */
  readonly said: readonly unknown[]
  readonly errors: string
}

/** What a process that hangs is given. Under a sanitizer one takes seconds to load Node alone. */
const milliseconds = (process.env.LD_PRELOAD ?? '') === '' ? 60_000 : 300_000

/** Runs a scenario in a process of its own, which must end in time. */
export async function runInChild(
  scenario: Scenario,
  argument: unknown = null,
  environment: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [fileURLToPath(main), scenario, JSON.stringify(argument)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: milliseconds,
    env: { ...process.env, ...environment },
  })
  const [[code, signal], output, errors] = await Promise.all([
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    text(child.stdout),
    text(child.stderr),
  ])
  const lines = output.split('\n').filter((line) => line !== '')
  return { code, signal, said: lines.map((line): unknown => JSON.parse(line)), errors }
}

/** Starts a scenario in a worker thread; what it says comes as messages. */
export function startWorker(scenario: Scenario, argument: unknown = null): Worker {
  return new Worker(main, { workerData: [scenario, argument] })
}

/** Runs a scenario in a worker thread to its end: its exit code, and what it said. */
export async function runInWorker(
  scenario: Scenario,
  argument: unknown = null,
): Promise<{ readonly code: number; readonly said: readonly unknown[] }> {
  const worker = startWorker(scenario, argument)
  const said: unknown[] = []
  worker.on('message', (value) => said.push(value))
  const [code] = (await once(worker, 'exit')) as [number]
  return { code, said }
}
