const KEY = 'claimcheck.user';
const PARAMETER = 'user';

/** Who this tab belongs to: `?user=ann`, or whoever logged in here before. Tabs do not share it. */
export const rememberedUser = (): string | undefined =>
  new URLSearchParams(location.search).get(PARAMETER) || sessionStorage.getItem(KEY) || undefined;

export const rememberUser = (userId: string): void => sessionStorage.setItem(KEY, userId);

export const forgetUser = (): void => {
  sessionStorage.removeItem(KEY);
  const url = new URL(location.href);
  url.searchParams.delete(PARAMETER);
  history.replaceState(null, '', url);
};
