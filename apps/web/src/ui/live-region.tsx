import { useReadable } from '@claimcheck/client/react';
import type { Announcer } from './announcer.ts';

export const LiveRegion = ({ announcer }: { announcer: Announcer }) => (
  <p className="visually-hidden" role="status" data-testid="announcement">
    {useReadable(announcer.store)}
  </p>
);
