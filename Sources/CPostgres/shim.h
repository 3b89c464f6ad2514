// libpq as Swift sees it.
#ifndef FAIRLEAD_CPOSTGRES_H
#define FAIRLEAD_CPOSTGRES_H

#include <libpq-fe.h>

#endif
