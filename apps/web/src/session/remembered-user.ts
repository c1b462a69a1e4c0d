const KEY = 'claimcheck.user';
const PARAMETER = 'user';

/** Returns the user of this tab: `?user=ann`, or the last one who logged in here. Tabs do not share it. */
export const rememberedUser = (): string | undefined =>
  new URLSearchParams(location.search).get(PARAMETER) || sessionStorage.getItem(KEY) || undefined;

export const rememberUser = (userId: string): void => sessionStorage.setItem(KEY, userId);

export const forgetUser = (): void => {
  sessionStorage.removeItem(KEY);
  const url = new URL(location.href);
  url.searchParams.delete(PARAMETER);
  history.replaceState(null, '', url);
};
