import { Webhook } from 'standardwebhooks';

interface WebhookTarget {
  url: string;
  /** `whsec_` and the secret in base64. */
  secret: string;
}

/** Longer than a host needs that only stores what it receives, and shorter than a delivery lasts. */
const TIMEOUT_MS = 15_000;

/** Outcome of a request: the class of its status, or `none` without an answer. */
export type WebhookStatus = '2xx' | '3xx' | '4xx' | '5xx' | 'none';
export const WEBHOOK_STATUSES: readonly WebhookStatus[] = ['2xx', '3xx', '4xx', '5xx', 'none'];

const classOf = (status: number): WebhookStatus =>
  WEBHOOK_STATUSES.find((known) => known.startsWith(String(Math.trunc(status / 100)))) ?? 'none';

/** POSTs events to the host as Standard Webhooks describes: https://www.standardwebhooks.com */
export class WebhookSender {
  readonly #url: string;
  readonly #webhook: Webhook;
  readonly #onAnswer: (status: WebhookStatus, seconds: number) => void;

  constructor({ url, secret }: WebhookTarget, onAnswer: (status: WebhookStatus, seconds: number) => void) {
    this.#url = url;
    this.#webhook = new Webhook(secret);
    this.#onAnswer = onAnswer;
  }

  /** @param id the same in every attempt. @throws Error when the host does not answer with a 2xx */
  async send(id: string, event: { type: string; data: object }, signal?: AbortSignal): Promise<void> {
    const started = performance.now();
    const status = await this.#post(id, JSON.stringify(event), signal).catch((error: unknown) => {
      this.#onAnswer('none', (performance.now() - started) / 1_000);
      throw new Error('the webhook did not answer', { cause: error });
    });
    this.#onAnswer(classOf(status), (performance.now() - started) / 1_000);
    if (status < 200 || status > 299) throw new Error(`the webhook answered ${status}`);
  }

  async #post(id: string, body: string, signal: AbortSignal | undefined): Promise<number> {
    const now = new Date();
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(this.#url, {
      method: 'POST',
      body,
      // A redirect is not followed: its target was not configured to receive signed events.
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': this.#webhook.sign(id, now, body),
      },
    });
    await response.body?.cancel();
    return response.status;
  }
}
