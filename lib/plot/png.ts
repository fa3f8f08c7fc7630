import { crc32, deflateSync } from 'node:zlib'

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

/**
 * A grey image as the `data:` URL of a PNG (W3C, Portable Network Graphics, third edition).
 *
 * @param pixels - 0 (black) to 255 (white), row by row, `height` rows of `width`
 * @param factor - pixels of the PNG along each side of one of the image's, so that readers who smooth
 * what they enlarge have nothing to smooth
 */
export function greyPNG(pixels: Uint8Array, width: number, height: number, factor = 1): string {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width * factor, 0)
  header.writeUInt32BE(height * factor, 4)
  header[8] = 8 // bits per sample; the rest are 0: grey, deflated, unfiltered, not interlaced
  const stride = 1 + width * factor // each line begins with its filter: 0, none
  const raw = Buffer.alloc(stride * height * factor)
  for (let line = 0; line < height * factor; line++) {
    const from = Math.floor(line / factor) * width
    for (let column = 0; column < width * factor; column++)
      raw[line * stride + 1 + column] = pixels[from + Math.floor(column / factor)] ?? 0
  }
  const chunks = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(raw, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]
  return `data:image/png;base64,${Buffer.concat([signature, ...chunks]).toString('base64')}`
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}
