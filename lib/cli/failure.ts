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
    throw asFailure(cause, 2)
  }
}

/**
 * Runs what reads or prepares the user's data; what it throws of them is then a failure.
 *
 * @param path - the file that they are of
 */
export async function checkData<T>(path: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw asFailure(cause, 1, `${path}: `)
  }
}

function asFailure(cause: unknown, exitCode: 1 | 2, prefix = ''): unknown {
  const isArgument = cause instanceof TypeError || cause instanceof RangeError
  return isArgument ? new Failure(prefix + cause.message, { exitCode, cause }) : cause
}
