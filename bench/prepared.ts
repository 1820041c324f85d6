/** What a unikernel does before anything else: the first import of what is measured. */
import { installArena } from '@mirage/target-node/arena'
import { inlineMore } from '@mirage/target-node/inlining'

inlineMore()
installArena()
