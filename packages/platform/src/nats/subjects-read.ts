import type { ConsumerConfig } from '@nats-io/jetstream';

/** Returns the subjects of a consumer, for which the broker has one field for one and another for several. Empty: no filter. */
export const subjectsRead = ({
  filter_subject,
  filter_subjects,
}: Pick<ConsumerConfig, 'filter_subject' | 'filter_subjects'>): string[] =>
  filter_subjects ?? (filter_subject === undefined ? [] : [filter_subject]);
