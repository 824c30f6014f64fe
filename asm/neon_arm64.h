#include "neon/lockstep.h"
