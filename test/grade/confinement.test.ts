import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  confinedCommand,
  confinedEnvironment,
  confinementHere,
  confinementText,
  killAllOf,
  unconfined,
  type Confinement,
} from '../../chaos/grade/subject/confinement.js';
import { MemoryWatch } from '../../chaos/grade/subject/memoryWatch.js';
import { SubjectProcess } from '../../chaos/grade/subject/subjectProcess.js';
import { temporaryFolder } from '../e2e/support/cluster.js';
import { until } from '../e2e/support/waiting.js';

const all: Confinement = { user: 61_234, memoryMb: 512, cpuSeconds: 60, isOffline: true };

describe('grade: foreign code', () => {
  it('runs as it is when nobody asks for more', () => {
    expect(confinedCommand('python3 server.py', unconfined)).to.deep.equal([
      ...['/bin/sh', '-c', 'python3 server.py'],
    ]);
    expect(confinedEnvironment(unconfined, '/own')).to.include({ PATH: process.env['PATH'] });
  });

  it('gets limits, a user, and nothing of our environment', () => {
    const words = confinedCommand('python3 server.py', all).join(' ');
    expect(words).to.match(/^prlimit --core=0 --cpu=60 --fsize=\d+ --nproc=\d+ setpriv --reuid=61234 /);
    expect(words).to.match(/--no-new-privs \/bin\/sh -c python3 server\.py$/);
    process.env['SURFSTORE_SECRET'] = 'not for them';
    const env = confinedEnvironment(all, '/own/folder');
    delete process.env['SURFSTORE_SECRET'];
    expect(env).to.include({ HOME: '/own/folder', PYTHONUNBUFFERED: '1' });
    expect(env).not.to.have.property('SURFSTORE_SECRET');
  });

  it('is told in words, with what this system does not allow', () => {
    expect(confinementText(all)).to.equal(
      'Confined: a user of its own (61234); no network but loopback; at most 512 MiB for a server; 60 s of a processor and files of 256 MiB.',
    );
    const less = confinementText({ ...all, user: undefined, isOffline: false });
    expect(less).to.contain('Not here: a user of its own (run the grader as root); a network of its own');
  });

  it('has the user that was tried, and leaves nothing of that user behind', async () => {
    const confinement = confinementHere(512, 30_000);
    const folder = temporaryFolder();
    const logFile = join(folder, 'server.log');
    const line = 'id -u; ulimit -t; setsid sleep 300 & sleep 300';
    const started = SubjectProcess.start(line, { cwd: '/', home: folder, confinement, logFile });
    try {
      const lines = (): string[] => readFileSync(logFile, 'utf8').trim().split('\n');
      await until('the process wrote its limits', () => lines().length === 2);
      const { user, cpuSeconds } = confinement;
      expect(lines()).to.deep.equal([
        String(user ?? process.getuid?.()),
        cpuSeconds === undefined ? 'unlimited' : '60',
      ]);
    } finally {
      await started.kill();
      killAllOf(confinement);
    }
    expect(started.deathCause).to.equal(undefined);
    // Its children are there no more, not even the one that left the group.
    await until('the group is gone', () => started.memoryMb() === 0 || started.memoryMb() === undefined);
  });

  it('that uses more memory than it may is ended, and told so', async () => {
    const folder = temporaryFolder();
    const started = SubjectProcess.start(
      `python3 -c 'import time; hog = b"x" * 150_000_000; print(len(hog), flush=True); time.sleep(300)'`,
      { cwd: '/', home: folder, confinement: unconfined, logFile: join(folder, 'server.log') },
    );
    const watch = new MemoryWatch(() => [started], 60);
    try {
      await until('it is ended', () => !started.isRunning, 20_000);
      expect(started.deathCause).to.match(
        /^ended by the grader: it used \d+ MiB of memory, and 60 are allowed$/,
      );
    } finally {
      watch.end();
      await started.kill();
    }
  });
});
