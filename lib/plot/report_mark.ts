/** The line of a report's page that says who made it: what has it may be replaced by another. */
export const generator = '<meta name="generator" content="gemmnet">'
