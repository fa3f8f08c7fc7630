/** The characters that a CSV file is built with. */
export interface Marks {
  /** Not known until the first rows were seen. */
  readonly delimiter: string | undefined
  readonly quote: string | false
  readonly comment: string | undefined
}

/** What delimiters are guessed among. */
export const delimiters = [',', ';', '\t', '|']

/** Finds where records end: at the first line end that no quotes are around. */
export class Records {
  readonly #text: string
  readonly #marks: Marks
  #nextQuote: number // from where it was last looked for

  /** @param text - one character a byte, or at least one UTF-16 unit a mark */
  constructor(text: string, marks: Marks) {
    this.#text = text
    this.#marks = marks
    this.#nextQuote = this.#quoteFrom(0)
  }

  /** The position behind the line end of the record that begins at `start`, or -1 if it has none. */
  end(start: number): number {
    let from = start
    for (;;) {
      const end = this.#text.indexOf('\n', from)
      if (end === -1) return -1
      if (this.isComment(start)) return end + 1
      const opening = this.#openingQuote(start, from)
      if (opening === -1 || opening > end) return end + 1
      const closing = this.#closingQuote(opening + 1)
      if (closing === -1) return -1
      from = closing + 1
    }
  }

  /** Whether the record that begins at `start` is a comment. */
  isComment(start: number): boolean {
    const { comment } = this.#marks
    return comment !== undefined && this.#text[start] === comment
  }

  /** The first quote from `from` on that begins a value, in the record that begins at `start`. */
  #openingQuote(start: number, from: number): number {
    if (this.#nextQuote !== -1 && this.#nextQuote < from) this.#nextQuote = this.#quoteFrom(from)
    let place = this.#nextQuote
    while (place !== -1 && place !== start && !this.#isDelimiter(place - 1)) {
      if (this.#text[place - 1] === '\n') return place // of a record to come
      place = this.#quoteFrom(place + 1)
    }
    return place
  }

  #closingQuote(from: number): number {
    let place = this.#quoteFrom(from)
    while (place !== -1 && this.#text[place + 1] === this.#marks.quote)
      place = this.#quoteFrom(place + 2)
    return place
  }

  #isDelimiter(place: number): boolean {
    const { delimiter } = this.#marks
    const character = this.#text[place] ?? ''
    return delimiter === undefined ? delimiters.includes(character) : character === delimiter
  }

  #quoteFrom(place: number): number {
    return this.#marks.quote === false ? -1 : this.#text.indexOf(this.#marks.quote, place)
  }
}

/** The position behind the last record that ends in these bytes, of ASCII or more; 0: none does. */
export function lastRecordEnd(bytes: Buffer, marks: Marks): number {
  if (marks.quote === false || !bytes.includes(marks.quote)) return bytes.lastIndexOf('\n') + 1
  const records = new Records(bytes.toString('latin1'), marks)
  let last = 0
  for (let end = records.end(0); end !== -1; end = records.end(end)) last = end
  return last
}
