/** EX_CONFIG of sysexits.h: a process manager's log shows that a restart cannot help. */
export const EX_CONFIG = 78;

/** All problems of a configuration at once, each line starting with the variable's name. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
