/* Exceptions that nobody caught end the guest; so do promises that were rejected and are still unheard of. */
#ifndef EXCEPTIONS_H
#define EXCEPTIONS_H

#include "engine.h"

/** From now on every rejected promise is remembered until somebody handles it. */
void watch_rejections(JSRuntime *runtime);

/** Ends the guest if a rejected promise is left; to be called when no job is. */
void end_if_rejected(JSContext *ctx);

#endif
