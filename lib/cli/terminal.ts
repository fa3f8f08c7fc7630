import bars from 'cli-progress'
import type { OutputConfiguration } from 'commander'
import { Failure } from './failure.js'
import { Interruption } from './interrupt.js'
import type { Progress } from './progress.js'
import { toLine, toPlainLine } from './progress.js'

/** A stream to write to, which may be a terminal. */
export interface Stream extends NodeJS.WritableStream {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** Where a program writes to. */
export interface Streams {
  /** For results. */
  readonly stdout: Stream
  /** For progress and messages. */
  readonly stderr: Stream
}

const drawingsPerSecond = 10
const usualColumns = 80
const brokenPipeExitCode = 141 // 128 + SIGPIPE, as of a program that the signal ends

/**
 * What a program says: results on standard output, progress and messages on standard error. The
 * progress is a bar that is rewritten in a terminal, and plain lines elsewhere.
 */
export class Terminal {
  readonly #stdout: Stream
  readonly #stderr: Stream
  /** What draws the progress; nothing where lines cannot be rewritten. */
  readonly #bar: bars.SingleBar | undefined
  readonly #stop: (error: Interruption | Failure) => void
  #progress: Progress = { title: '', done: 0, total: 0, parts: [] } // the latest
  #failure: Interruption | Failure | undefined

  readonly #onOutputError = (error: NodeJS.ErrnoException) => {
    if (this.#failure !== undefined) return
    this.#failure =
      error.code === 'EPIPE'
        ? new Interruption(brokenPipeExitCode)
        : new Failure(`Cannot write to standard output: ${error.message}`, { cause: error })
    this.#stop(this.#failure)
  }
  readonly #ignore = () => undefined // results matter, progress does not

  /** @param stop - called once if results can no longer be written: what should then be thrown */
  constructor({ stdout, stderr }: Streams, stop: (error: Interruption | Failure) => void) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.#stop = stop
    if (stderr.isTTY === true && process.env.TERM !== 'dumb') this.#bar = makeBar(stderr)
    stderr.on('error', this.#ignore)
    stdout.on('error', this.#onOutputError)
  }

  /** Why results could not be written. */
  get failure(): Interruption | Failure | undefined {
    return this.#failure
  }

  /** Where commander writes its help and its errors. */
  get commander(): OutputConfiguration {
    return {
      writeOut: (text) => void this.#stdout.write(text),
      writeErr: (text) => void this.#stderr.write(text),
      getOutHelpWidth: () => this.#stdout.columns ?? usualColumns,
      getErrHelpWidth: () => this.#stderr.columns ?? usualColumns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    }
  }

  /** Writes a line of results. */
  result(line: string): void {
    const isAbove = this.#bar?.isActive === true && this.#stdout.isTTY === true // of one terminal
    if (isAbove) this.clear()
    this.#stdout.write(`${line}\n`)
    if (isAbove) this.#draw()
  }

  /** Writes a message, below which there is no progress. */
  note(line: string): void {
    this.clear()
    this.#stderr.write(`${line}\n`)
  }

  /**
   * Shows how far the work is.
   *
   * @param progress - or what is done, if nobody knows how far it is
   * @param milestone - whether it is worth a line where lines cannot be rewritten
   */
  progress(progress: Progress | string, milestone = false): void {
    this.#progress =
      typeof progress === 'string' ? { title: progress, done: 0, total: 0, parts: [] } : progress
    if (this.#bar !== undefined) this.#draw()
    else if (milestone) this.#stderr.write(`${toPlainLine(this.#progress)}\n`)
  }

  /** Takes the progress away. */
  clear(): void {
    if (this.#bar?.isActive === true) this.#bar.stop()
  }

  /** Takes the progress away and waits until all is written, or has failed to be. */
  async flush(): Promise<void> {
    this.clear()
    for (const stream of [this.#stdout, this.#stderr])
      await new Promise<void>((resolve) => {
        stream.write('', () => {
          setImmediate(resolve) // after the stream's 'error'
        })
      })
  }

  /** Lets go of the streams. */
  async close(): Promise<void> {
    await this.flush()
    this.#stdout.removeListener('error', this.#onOutputError)
    this.#stderr.removeListener('error', this.#ignore)
  }

  /** Draws the progress, at once or as soon as it is time for the next drawing. */
  #draw(): void {
    const { done, total } = this.#progress
    const payload = { progress: this.#progress }
    if (this.#bar?.isActive === true) {
      this.#bar.setTotal(total)
      this.#bar.update(done, payload)
    } else {
      this.#bar?.start(total, done, payload)
    }
  }
}

function makeBar(stream: Stream): bars.SingleBar {
  return new bars.SingleBar({
    stream,
    format: (options, { progress: share, maxWidth }, { progress }: { progress: Progress }) => {
      const draw = (characters: number) =>
        `[${bars.Format.BarFormat(share, { ...options, barsize: characters - '[]'.length })}]`
      // One column less: in the last one some terminals begin a new line.
      const columns = maxWidth - 1
      return progress.total > 0
        ? toLine(progress, columns, draw)
        : toPlainLine(progress).slice(0, columns)
    },
    fps: drawingsPerSecond,
    clearOnComplete: true,
    // Else the terminal is told not to wrap lines, and one that is killed would leave it so.
    linewrap: true,
  })
}
