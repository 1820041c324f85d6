import { consoleContract } from './contract.ts'
import { MemoryConsole } from './memory.ts'

consoleContract('the console in memory', () => {
  const console = new MemoryConsole()
  return {
    console,
    type: (text) => console.type(text),
    endInput: async () => console.endInput(),
    shown: async () => console.shown,
  }
})
