/** Two soft notes, made here so that no file is needed. */

const NOTES: readonly [hertz: number, startsAt: number][] = [
  [880, 0],
  [1174.66, 0.14],
];
const LENGTH_SECONDS = 0.5;
const LOUDNESS = 0.12;

let context: AudioContext | null = null;

/** A browser stays silent until the person has touched the page; that is no error. */
export async function chime(): Promise<void> {
  try {
    context ??= new AudioContext();
    await context.resume();
    for (const [hertz, startsAt] of NOTES) play(context, hertz, startsAt);
  } catch {
    // No sound device, or none allowed.
  }
}

function play(audio: AudioContext, hertz: number, startsAt: number): void {
  const start = audio.currentTime + startsAt;
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = hertz;
  volume.gain.setValueAtTime(0.0001, start);
  volume.gain.exponentialRampToValueAtTime(LOUDNESS, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + LENGTH_SECONDS);
  tone.connect(volume).connect(audio.destination);
  tone.start(start);
  tone.stop(start + LENGTH_SECONDS);
}
