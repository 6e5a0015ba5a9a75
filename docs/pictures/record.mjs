// Takes the pictures for docs/pictures/make: node record.mjs PAGE DASHBOARD FOLDER
import { chromium } from 'playwright-core';

const [page, dashboard, folder] = process.argv.slice(2);
const viewport = { width: 1280, height: 760 };
const [before, after, hold] = [8, 22, 6]; // frames of half a second
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });

const open = async colorScheme => {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
  const tab = await context.newPage();
  await tab.goto(page, { waitUntil: 'domcontentloaded' });
  await tab.locator('#pod-list tbody tr').nth(2).waitFor({ timeout: 60_000 });
  return { tab, name: colorScheme };
};
const tabs = [await open('light'), await open('dark')];
let frame = 0;
const shoot = async () => {
  frame++;
  const next = Date.now() + 500;
  for (const { tab, name } of tabs) await tab.screenshot({ path: `${folder}/${name}-${String(frame).padStart(3, '0')}.png` });
  await new Promise(resolve => setTimeout(resolve, Math.max(0, next - Date.now())));
};

await new Promise(resolve => setTimeout(resolve, 6000)); // some of the timeline
for (let i = 0; i < before; i++) await shoot();
await tabs[0].tab.click("[data-target='load-test-policy.yaml']");
for (let i = 0; i < after; i++) await shoot();
await tabs[0].tab.locator('#facts [data-fact="Fix"]').waitFor({ timeout: 60_000 });
for (let i = 0; i < hold; i++) await shoot();

const still = await browser.newPage({ viewport: { width: 1680, height: 640 }, colorScheme: 'light' });
await still.goto(dashboard, { waitUntil: 'domcontentloaded' });
await still.getByText('Running, receives nothing').first().waitFor({ state: 'attached', timeout: 60_000 });
await new Promise(resolve => setTimeout(resolve, 3000));
// The folder that this was built in is of no interest.
await still.evaluate(() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace(/ ?\/\S*(AppHost|ClusterSetup)\S*/g, ' …');
});
await still.screenshot({ path: `${folder}/dashboard.png` });
await browser.close();
