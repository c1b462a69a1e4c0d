/** Runs actions one after the other, in the order of the calls. */
export class SendLane {
  #tail: Promise<unknown> = Promise.resolve();

  run<Result>(action: () => Promise<Result>): Promise<Result> {
    const run = this.#tail.then(action);
    this.#tail = run.catch(() => {});
    return run;
  }
}
