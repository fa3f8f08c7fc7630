import type { Kind, Probe, Task, Threads, Trial } from './task.js'
import { fromWords } from './task.js'

/** A contender written in TypeScript. */
export interface Contender {
  /** Throws where it is not installed; the message says how to get it. */
  readonly version: () => string
  readonly threads: Threads
  readonly run: Partial<Record<Kind, (task: Task) => Trial | Promise<Trial>>>
}

/** The whole of a contender's process: answers `probe`, or runs the task of the command line. */
export async function contend({ version, threads, run }: Contender): Promise<void> {
  const words = process.argv.slice(2)
  if (words[0] === 'probe') {
    const answer: Probe = { version: version(), threads, kinds: Object.keys(run) as Kind[] }
    console.log(JSON.stringify(answer))
    return
  }
  const task = fromWords(words)
  const measure = run[task.kind]
  if (measure === undefined) throw new RangeError(`It has no ${task.kind}`)
  console.log(JSON.stringify(await measure(task)))
  process.exit() // some leave threads or timers behind
}
