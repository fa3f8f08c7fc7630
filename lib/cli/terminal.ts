import type { OutputConfiguration } from 'commander'
import { clearLine, cursorTo } from 'node:readline'
import { Failure } from './failure.js'
import { Interruption } from './interrupt.js'

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

const redrawMilliseconds = 100
const usualColumns = 80
const separator = ', '
const brokenPipeExitCode = 141 // 128 + SIGPIPE, as of a program that the signal ends

/**
 * What a program says: results on standard output, progress and messages on standard error. The
 * progress is one line that is rewritten in a terminal, and plain lines elsewhere.
 */
export class Terminal {
  readonly #stdout: Stream
  readonly #stderr: Stream
  readonly #rewrites: boolean
  readonly #stop: (error: Interruption | Failure) => void
  #progress: readonly string[] = [] // the latest, whether or not it is drawn
  #isDrawn = false
  #drawnAt = -Infinity
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
    this.#rewrites = stderr.isTTY === true && process.env.TERM !== 'dumb'
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
    const isBelow = this.#isDrawn && this.#stdout.isTTY === true // in the same terminal
    if (isBelow) this.clear()
    this.#stdout.write(`${line}\n`)
    if (isBelow) this.#draw()
  }

  /** Writes a message, below which there is no progress. */
  note(line: string): void {
    this.clear()
    this.#stderr.write(`${line}\n`)
  }

  /**
   * Shows how far the work is.
   *
   * @param line - or its parts, of which a narrow terminal shows those that it has room for, the
   * first ones before the others
   * @param milestone - whether it is worth a line where lines cannot be rewritten
   */
  progress(line: string | readonly string[], milestone = false): void {
    const parts = typeof line === 'string' ? [line] : line
    if (this.#rewrites) {
      this.#progress = parts
      if (performance.now() - this.#drawnAt >= redrawMilliseconds) this.#draw()
    } else if (milestone) {
      this.#stderr.write(`${parts.join(separator)}\n`)
    }
  }

  /** Takes the progress away. */
  clear(): void {
    if (!this.#isDrawn) return
    this.#isDrawn = false
    cursorTo(this.#stderr, 0)
    clearLine(this.#stderr, 0)
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

  #draw(): void {
    this.#isDrawn = true
    this.#drawnAt = performance.now()
    // One column less: in the last one some terminals begin a new line.
    const columns = (this.#stderr.columns ?? 0) || usualColumns
    cursorTo(this.#stderr, 0)
    this.#stderr.write(fitInto(columns - 1, this.#progress))
    clearLine(this.#stderr, 1)
  }
}

/** As many of the parts as there is room for; the first is cut if need be. */
function fitInto(columns: number, [first = '', ...others]: readonly string[]): string {
  let line = first.slice(0, columns)
  for (const part of others)
    if (line.length + separator.length + part.length <= columns) line += separator + part
  return line
}
