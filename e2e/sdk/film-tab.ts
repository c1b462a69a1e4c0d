import type { Browser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { ChatUser } from '../harness/chat-user.ts';
import type {} from './page/film-page.tsx';

const SEGMENT = /\/r\d+_(\d+)\.m4s/;
const PATIENCE = { timeout: 40_000 };

/** A page in Chromium that shows one film by `<MediaVideo>`. */
export class FilmTab {
  readonly page: Page;
  readonly video: Locator;
  /** Numbers of the requested segments. */
  readonly segments: number[] = [];

  private constructor(page: Page) {
    this.page = page;
    this.video = page.locator('video');
    page.on('request', (request) => {
      const number = SEGMENT.exec(request.url())?.[1];
      if (number !== undefined) this.segments.push(Number(number));
    });
  }

  /** @param script of `film-page.tsx` */
  static async open(browser: Browser, apiUrl: string, script: string): Promise<FilmTab> {
    const context = await browser.newContext({ bypassCSP: true });
    const tab = new FilmTab(await context.newPage());
    await tab.page.goto(`${apiUrl}/config.json`);
    await tab.page.addScriptTag({ content: script });
    return tab;
  }

  async show(viewer: ChatUser, mediaId: string, conversationId: string): Promise<void> {
    const task = { token: viewer.token, mediaId, conversationId };
    await this.page.evaluate((given) => window.showFilm(given), task);
    await this.video.waitFor(PATIENCE);
  }

  /** Resolves when its first picture has loaded. */
  async canPlay(): Promise<void> {
    await this.page.waitForFunction(
      () => (document.querySelector('video')?.readyState ?? 0) >= HTMLMediaElement.HAVE_CURRENT_DATA,
      undefined,
      PATIENCE,
    );
  }

  /** As a viewer does by the browser's own controls. */
  async play(): Promise<void> {
    await this.canPlay();
    await this.video.evaluate((video: HTMLVideoElement) => {
      video.muted = true;
      return video.play();
    });
  }

  async seek(seconds: number): Promise<void> {
    await this.video.evaluate((video: HTMLVideoElement, to) => {
      video.currentTime = to;
    }, seconds);
  }

  /** Plays, and is behind `seconds`. */
  async reaches(seconds: number): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => {
        const video = document.querySelector('video');
        return video !== null && !video.paused && !video.seeking && video.currentTime > wanted;
      },
      seconds,
      PATIENCE,
    );
  }

  look(): Promise<{ position: number; length: number; width: number; source: string }> {
    return this.video.evaluate((video: HTMLVideoElement) => ({
      position: video.currentTime,
      length: video.duration,
      width: video.videoWidth,
      source: video.currentSrc,
    }));
  }

  /** Requests fail from now on, as when their host can't be reached. @param times after so many no more do */
  async cut(what: 'hls' | 'all', times?: number): Promise<void> {
    const urls = what === 'hls' ? '**/hls/**' : '**/v1/**';
    await this.page.route(urls, (route) => route.abort(), times === undefined ? {} : { times });
  }

  async heal(): Promise<void> {
    await this.page.unrouteAll();
  }

  async expectHls(): Promise<void> {
    // Media Source Extensions: the browser's own player has the playlist's address.
    expect((await this.look()).source).toMatch(/^blob:/);
    expect(this.segments.length).toBeGreaterThan(0);
  }

  async expectMp4(mediaId: string): Promise<void> {
    expect(new URL((await this.look()).source).pathname).toBe(`/v1/media/${mediaId}/original`);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
