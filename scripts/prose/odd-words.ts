/** A wording that we avoid, and what we write instead. */
export interface OddWord {
  pattern: RegExp;
  instead: string;
}

/** The words that the check of prose refuses. CONTRIBUTING.md says how we write. */
export const ODD_WORDS: readonly OddWord[] = [
  { pattern: /\banew\b/gi, instead: 'again' },
  { pattern: /\b(go|goes|going|gone|went) on\b/gi, instead: 'continue, resume' },
  { pattern: /\bbec(ame|omes?) of\b/gi, instead: 'outcome, result' },
  { pattern: /\b(is|are|was|were|be|been) told\b|\bTold\b/g, instead: 'notified, reported' },
  { pattern: /\blook(ed|s|ing)? (at|after)\b/gi, instead: 'check, handle' },
  { pattern: /\bmend(s|ed|ing)?\b/gi, instead: 'fix, repair' },
  { pattern: /\b(to|may|can) be had\b/gi, instead: 'available' },
  { pattern: /(?<!instead )\bof before\b/gi, instead: 'previous' },
  { pattern: /(?<=^|[.;:] )who(ever)? [a-z]+/gi, instead: 'name the actor: client, worker, request' },
  { pattern: /\b(somebody|nobody|whoever)\b/gi, instead: 'name the actor: client, worker, request' },
  { pattern: /\bbegun\b/gi, instead: 'started' },
  { pattern: /\bcan not\b/gi, instead: 'cannot' },
  { pattern: /\bone's own\b|\bof ours\b/gi, instead: "the caller's, our" },
  { pattern: /(?<!\.)\b(color|behavior)(s|ed|ing)?\b(?! *[:=-])/gi, instead: 'colour, behaviour' },
];
