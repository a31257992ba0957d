/* Elements of files: from a storage type to float32 or float64, and between byte orders. */
#ifndef VXG_IO_ELEMENTS_H
#define VXG_IO_ELEMENTS_H

#include "io/io.h"

int vxg__host_is_little(void);
int vxg__is_complex(vxg_dtype dtype);
/* n elements from src, in this machine's byte order and aligned as their type demands, to dst, of
 * the same type, VXG_F32 or VXG_F64. Not for complex numbers, but as they are. */
void vxg__elements_convert(vxg_dtype from, const void *src, int64_t n, vxg_dtype to, void *dst);
/* Turns the byte order of n elements where they stand; the two parts of a complex number each. */
void vxg__elements_turn(vxg_dtype dtype, void *p, int64_t n);
double vxg__half_number(uint16_t bits); /* IEEE binary16 */
/* The nearest one, of two the even one; infinity beyond 65504. */
uint16_t vxg__half_bits(double x);

#endif
