import type { StreamPlan } from '@claimcheck/contracts/subjects';
import { StorageType } from '@nats-io/jetstream';
import type { Bus } from './bus.ts';
import { isStreamNotFound } from './is-stream-not-found.ts';

export interface StreamFacts {
  plan: StreamPlan;
  /** Undefined when there is no such stream. */
  found:
    | {
        subjects: string[];
        isInFiles: boolean;
        messages: number;
        replicas: number;
        /** Whether the server belongs to a cluster. */
        isClustered: boolean;
      }
    | undefined;
}

const factsOf = async (bus: Bus, plan: StreamPlan): Promise<StreamFacts> => {
  try {
    const { config, state, cluster } = await bus.manager.streams.info(plan.name);
    const found = {
      subjects: config.subjects,
      isInFiles: config.storage === StorageType.File,
      messages: state.messages,
      replicas: config.num_replicas,
      isClustered: cluster?.name !== undefined,
    };
    return { plan, found };
  } catch (error) {
    if (isStreamNotFound(error)) return { plan, found: undefined };
    throw error;
  }
};

/** Returns what the broker has of each planned stream. @throws when JetStream does not answer */
export const streamFacts = (bus: Bus): Promise<StreamFacts[]> =>
  Promise.all(Object.values(bus.streams).map((plan: StreamPlan) => factsOf(bus, plan)));
