import type { TaskListener } from './native.js'

/**
 * Remembers where a function was called, so that an error that comes up later, off the JavaScript
 * thread, shows the caller's stack.
 */
export class CallSite {
  readonly #frames: string

  constructor() {
    const holder: { stack?: string } = {}
    Error.captureStackTrace(holder, CallSite)
    this.#frames = holder.stack?.split('\n').slice(1).join('\n') ?? ''
  }

  /** The same error, with the caller's frames. */
  claim<E extends Error>(error: E): E {
    error.stack = `${error.name}: ${error.message}\n${this.#frames}`
    return error
  }

  /** Does what may refuse the caller's arguments, later than the call: its errors get the caller's frames. */
  guard<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw error instanceof Error ? this.claim(error) : error
    }
  }
}

/** The promise of a native task's result. */
export async function runTask<Result>(
  start: (listener: TaskListener<Result>) => void,
): Promise<Result> {
  try {
    return await new Promise<Result>((resolve, reject) => {
      start((error, result) => {
        if (error === null) resolve(result)
        else reject(error)
      })
    })
  } catch (cause) {
    // Thrown anew for the caller's stack: a native error has none.
    throw new Error(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
