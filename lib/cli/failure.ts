/** A failure whose message is all that a user needs: it is shown without a stack. */
export class Failure extends Error {
  static {
    this.prototype.name = 'Failure'
  }

  /** 1, or 2 where the command or its options are wrong. */
  readonly exitCode: 1 | 2

  constructor(message: string, options: { exitCode?: 1 | 2; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.exitCode = options.exitCode ?? 1
  }
}

/** Runs a check of the library's on what the user wrote; what it throws is then a wrong usage. */
export function checkUsage<T>(check: () => T): T {
  try {
    return check()
  } catch (cause) {
    if (cause instanceof TypeError || cause instanceof RangeError)
      throw new Failure(cause.message, { exitCode: 2, cause })
    throw cause
  }
}
