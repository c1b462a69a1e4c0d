import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';
import { meanColour } from './support/make-picture.ts';
import { makeWithFfmpeg, probe } from './support/make-video.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.create();
  await harness.startWorker({ VIDEO_DELIVERY: 'both', HLS_MIN_DURATION: '1s' });
});
afterAll(() => harness.close());

const RED = [219, 31, 30];
const TOLERANCE = 30;

const expectRed = (colour: readonly number[]): void => {
  for (const [index, value] of RED.entries())
    expect(Math.abs((colour[index] ?? 0) - value), `${colour} is red`).toBeLessThan(TOLERANCE);
};

/** A red field that is equally bright on an HDR screen and on a standard one. */
const bright = (transfer: string, ...output: string[]) => [
  ...['-f', 'lavfi', '-i', 'color=c=0xDB1F1E:s=320x180:r=10:d=1.5'],
  ...[
    '-vf',
    `format=gbrp,zscale=min=gbr:tin=709:pin=709:rin=full:m=2020_ncl:t=${transfer}:p=2020:r=limited:npl=100,format=yuv420p10le`,
  ],
  ...output,
];
const hevc = (transfer: string) =>
  makeWithFfmpeg(
    bright(
      transfer,
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1', '-x265-params'],
      `log-level=none:colorprim=bt2020:transfer=${transfer}:colormatrix=bt2020nc`,
    ),
    'mov',
  );

describe.each(['arib-std-b67', 'smpte2084'])('a film in %s', (transfer) => {
  it('keeps its colours in poster, mp4 and HLS, which say that they are plain', async () => {
    const request = await harness.upload(await hevc(transfer));
    await harness.requestTranscode(request);
    const final = await harness.response(request, 'final');
    expect(final).toMatchObject({ success: true });
    const urlOf = (quality: string) => final.processed?.find((one) => one.quality === quality)?.url ?? '';
    expectRed(await meanColour(await harness.download(urlOf('thumbnail'))));
    const mp4 = await harness.download(urlOf('original'));
    expect((await probe(mp4)).streams[0]).toMatchObject({
      color_transfer: 'bt709',
      color_primaries: 'bt709',
    });
    expect(final.processed?.map(({ format }) => format).sort()).toEqual(['jpg', 'm3u8', 'mp4']);
  });

  it('is no different as a picture', async () => {
    const colours = ['-color_primaries', 'bt2020', '-color_trc', transfer, '-colorspace', 'bt2020nc'];
    const still = [
      '-frames:v',
      '1',
      '-c:v',
      'libaom-av1',
      '-still-picture',
      '1',
      '-cpu-used',
      '8',
      ...colours,
    ];
    const final = await harness.process(await makeWithFfmpeg(bright(transfer, ...still), 'avif'));
    expect(final).toMatchObject({ success: true, kind: 'image', width: 320, height: 180 });
    for (const { url } of final.processed ?? []) expectRed(await meanColour(await harness.download(url)));
  });
});

it('H.264 that is tagged HLG is not copied', async () => {
  const tags = ['-color_primaries', 'bt2020', '-color_trc', 'arib-std-b67', '-colorspace', 'bt2020nc'];
  const source = ['-f', 'lavfi', '-i', 'testsrc=s=320x180:r=10:d=1', '-pix_fmt', 'yuv420p'];
  const request = await harness.upload(await makeWithFfmpeg([...source, '-c:v', 'libx264', ...tags], 'mp4'));
  await harness.requestTranscode(request);
  const final = await harness.response(request, 'final');
  const mp4 = await harness.download(final.processed?.find(({ format }) => format === 'mp4')?.url ?? '');
  expect((await probe(mp4)).streams[0]).toMatchObject({ codec_name: 'h264', color_transfer: 'bt709' });
});
