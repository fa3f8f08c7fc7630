import test from 'ava'
import { places, plainFunctions, run, values } from './helpers/options.js'

// Every option of every table, with values of all kinds: one is taken or refused with one clear
// error, and of each option some are refused. That what is taken works is test/abuse.test.ts.

/** What a value came to. */
function refusal(source: string): Error | undefined {
  try {
    run(source)
    return undefined
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return error
    throw error
  }
}

/** Refusals that name two options, or come from what options are taken for. */
const together = [
  /^`[tm]Mul` needs `restarts: true`$/,
  /^Expected `rates` to be one more than `boundaries`, got \d for \d$/,
  /^Expected one way of clipping/,
  /^`\w+` needs two outputs or more/,
]

for (const { table, row, options, path, source, required } of places) {
  const owner = row === '' ? table : `${row} of ${table}`

  for (const option of Object.keys(options))
    test(`${owner} refuses a wrong ${option}`, (t) => {
      const errors = values.flatMap((text) => {
        const error = refusal(source({ ...required, [option]: text }))
        if (error === undefined) return []
        const { message } = error
        const name = `\`${path}${option}`
        const isWorded =
          /^Expected `.+` to be .+, got `.*`$/s.test(message) && message.includes(name)
        const isUnknown = /^Unknown [a-z]+ `.*`; (did you mean|known:) `/s.test(message)
        t.true(
          isWorded || isUnknown || together.some((pattern) => pattern.test(message)),
          `${option}: ${text}: ${message}`,
        )
        return [{ text, error }]
      })
      const takesNumbers = ['0', '1', '0.5'].some(
        (text) => !errors.some((one) => one.text === text),
      )
      t.true(errors.some(({ error }) => error instanceof TypeError))
      if (takesNumbers)
        t.true(errors.some(({ text, error }) => text === 'NaN' && error instanceof RangeError))
    })

  if (table === 'layers' && plainFunctions.includes(row)) continue
  test(`${owner} refuses an option that is unknown, and names the nearest`, (t) => {
    t.is(refusal(source(required)), undefined)
    const error = refusal(source({ ...required, nonsense: '1' }))
    t.true(error instanceof TypeError)
    t.regex(error?.message ?? '', /^Unknown option `nonsense` for `\w+`; /)
    const longEnough = Object.keys(options).filter((name) => name.length > 2)
    for (const misspelt of longEnough.map((name) => `${name}s`)) {
      if (misspelt in options) continue
      const { message } = refusal(source({ ...required, [misspelt]: '1' })) ?? {}
      // An argument of its own is no option, and another may be near.
      const near = /rate|units/.test(misspelt) ? '(did you mean|known:)' : 'did you mean'
      t.regex(message ?? '', new RegExp(`^Unknown option \`${misspelt}\` for \`\\w+\`; ${near} `))
    }
  })
}
