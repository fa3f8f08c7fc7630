/** Why a program ends before its work is done, other than by a failure. */
export class Interruption extends Error {
  static {
    this.prototype.name = 'Interruption'
  }

  /** 128 plus the number of the signal that stands for it. */
  readonly exitCode: number

  /** @param message - what is told to the user; nothing if empty */
  constructor(exitCode: number, message = '') {
    super(message)
    this.exitCode = exitCode
  }
}

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const
const signals = Object.keys(exitCodes) as (keyof typeof exitCodes)[]

/** npm passes a Ctrl-C on to a program that has got it from the terminal already. */
const echoMilliseconds = 100

/**
 * Takes the first SIGINT or SIGTERM as the wish to stop, which aborts `signal`. A second one ends
 * the process at once, as if nobody had taken it.
 */
export class Interrupt {
  readonly #controller = new AbortController()
  #firstAt: number | undefined
  readonly #take = (name: (typeof signals)[number]) => {
    this.#firstAt ??= performance.now()
    if (!this.signal.aborted) {
      this.stop(new Interruption(exitCodes[name], 'Stopped'))
    } else if (performance.now() - this.#firstAt > echoMilliseconds) {
      this.remove()
      process.kill(process.pid, name)
    }
  }

  constructor() {
    for (const name of signals) process.on(name, this.#take)
  }

  /** Aborted when the program should stop, for a reason that is what it should then throw. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /**
   * What to throw if the program should stop; nothing if it need not.
   *
   * @param message - what is then told to the user: how far it got
   */
  reason(message = 'Stopped'): Error | undefined {
    if (!this.signal.aborted) return undefined
    const reason = this.signal.reason as Error // see `stop`
    const isUsers = reason instanceof Interruption && reason.message !== ''
    return isUsers ? new Interruption(reason.exitCode, message) : reason
  }

  /** Throws {@link reason} if there is one. */
  check(message?: string): void {
    const reason = this.reason(message)
    if (reason !== undefined) throw reason
  }

  /** Asks the program to stop. */
  stop(reason: Error): void {
    this.#controller.abort(reason)
  }

  /** Gives the signals back to the process. */
  remove(): void {
    for (const name of signals) process.off(name, this.#take)
  }
}
