import type { ReceivedResponse } from '@claimcheck/contracts/received-events';
import type { ProcessedObject } from './derivatives.ts';

/** A response whose URLs were resolved to keys of our bucket, under the media object's own prefix. */
export interface Result extends Omit<ReceivedResponse, 'processed'> {
  processed: ProcessedObject[];
}
