/* Slice-aligned parallel beam, one slice by itself: neighbouring pixels of a row, or neighbouring
 * detector columns, as SIMD lanes, which pick what they need from a few loads (a permutation).
 *
 * Per pixel and per column the operations and their order are those of parallel.cpu.h, where slices
 * are lanes: the same bits. */
#ifndef VXG_PARALLEL_SLICE_CPU_H
#define VXG_PARALLEL_SLICE_CPU_H
#include "kernels/ct/schedule/column_lanes.cpu.h"
#include "kernels/ct/schedule/parallel_places.cpu.h"
#if !defined(VXG_DTYPE_f64)

typedef uint32_t cs_u __attribute__((vector_size(LANE_W * 4), may_alias));
#if LANE_W == 16
#define CS_U(x) ((cs_u){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x})
#elif LANE_W == 8
#define CS_U(x) ((cs_u){x, x, x, x, x, x, x, x})
#else
#define CS_U(x) ((cs_u){x, x, x, x})
#endif

/* How far apart the places of neighbouring lanes may be so that all lie within one vector, or two;
 * room: places that a lane may lie beside the line. */
#define CS_WITHIN(vectors, room) (((vectors) * CJ_W - 2.0f - (room)) / (CJ_W - 1.0f))
typedef enum cs_reach { CS_NEAR, CS_WIDE, CS_FAR } cs_reach;
LANE_FN cs_reach cs_reach_of(float step, int room) {
    return step <= CS_WITHIN(1, room) ? CS_NEAR : step <= CS_WITHIN(2, room) ? CS_WIDE : CS_FAR;
}
LANE_FN float cs_most(const float *step, int n) {
    float most = 0;
    for (int v = 0; v < n; v++) {
        const float s = __builtin_fabsf(step[v]);
        most = s > most ? s : most;
    }
    return most;
}

/* acc += w0 p[i] + w1 p[i + 1], i rising or falling from lane to lane, `room` below the lesser end
 * at most, and never below `low`. */
#define CS_PAIR(PICK, acc, data, i, w0, w1, room, low)                                             \
    do {                                                                                           \
        const int32_t cs_a = (i)[0], cs_b = (i)[CJ_W - 1], cs_c = cs_a < cs_b ? cs_a : cs_b;       \
        const int32_t cs_from = cs_c - (room) > (low) ? cs_c - (room) : (low);                     \
        const cj_i cs_n = (i)-cs_from;                                                             \
        const float *const cs_p = (data) + cs_from;                                                \
        (acc) += LANE_FMA(w1, PICK(cs_p + 1, cs_n), (w0)*PICK(cs_p, cs_n));                        \
    } while (0)

/* ---- Voxel-driven: as ct_linear_list ---- */
#define CS_LINEAR(NAME, PICK)                                                                      \
    static void NAME(const float *in, const ct_places *places, const float *ux, const float *base, \
                     int n, float nu, float *acc, int nx) {                                        \
        const cj_f one = CJ_SET(1.0f), low = CJ_SET((float)-VXG_CT_PAD), top = CJ_SET(nu);         \
        for (int x = 0; x < nx; x += CJ_W) {                                                       \
            const cj_f at = cj_iota() + CJ_SET((float)x);                                          \
            cj_f sum = cj_load(acc + x);                                                           \
            for (int v = 0; v < n; v++) {                                                          \
                const cj_f u = LANE_FMA(CJ_SET(ux[v]), at, CJ_SET(base[v])), whole = cj_floor(u);  \
                const cj_f q = cj_min(cj_max(CJ_SET(places->whole[v]) + whole, low), top);         \
                const cj_f w1 = u - whole, w0 = one - w1;                                          \
                const cj_i i = cj_trunc(q);                                                        \
                CS_PAIR(PICK, sum, in + places->start[v], i, w0, w1, 0, -VXG_CT_PAD);                              \
            }                                                                                      \
            *(cj_fu *)(acc + x) = sum;                                                             \
        }                                                                                          \
    }
CS_LINEAR(cs_linear_near, cj_pick)
CS_LINEAR(cs_linear_wide, cj_pick2)
CS_LINEAR(cs_linear_far, cj_gather)

static void cs_linear_row(const vxg_ct_gather_args *a, const ct_places *places, const float *in,
                          int v0, int n, int y, float *acc, int nx) {
    const float *ux = a->c.a[VXG_CT_BP_X] + v0, *uy = a->c.a[VXG_CT_BP_Y] + v0;
    const cs_reach reach = cs_reach_of(cs_most(ux, n), 0);
    float base[VXG_CT_BLOCK];
    for (int v = 0; v < n; v++) base[v] = lane_fma1(uy[v], (float)y, places->rest[v]);
    (reach == CS_NEAR   ? cs_linear_near
     : reach == CS_WIDE ? cs_linear_wide
                        : cs_linear_far)(in, places, ux, base, n, (float)a->nu, acc, nx);
}

/* ---- Joseph's adjoint: as ct_joseph_pair ---- */
LANE_FN cs_u cs_bits(cj_f x) {
    return (cs_u)x;
}
LANE_FN cs_u cs_below_zero(cs_u x) {
    return (cs_u)((cj_i)x >> 31);
}
LANE_FN cs_u cs_chosen(cs_u mask, cs_u x, cs_u otherwise) {
    return otherwise ^ ((x ^ otherwise) & mask);
}
LANE_FN cs_u cs_way(cs_u distance) {
    const cs_u sign = cs_below_zero(distance);
    return (distance ^ sign) - sign;
}
LANE_FN cj_f cs_hat(cs_u distance) {
    const cs_u w = CS_U((uint32_t)CT_ONE) - cs_way(distance);
    return cj_real((cj_i)(w & ~cs_below_zero(w))) * CJ_SET(CT_UNIT);
}
LANE_FN cj_i cs_clamp(cj_i x, int32_t low, int32_t top) {
    const cj_i less = (cj_i)(x < low), more = (cj_i)(x > top);
    return (x & ~(less | more)) | (less & low) | (more & top);
}

/* One view of CJ_W pixels from i on; `skip` columns after the first. */
#define CS_JOSEPH_PAIR(PICK)                                                                       \
    const cj_f rq = CJ_SET(a->c.r[VXG_CT_OF_Q][v0 + v]);                                           \
    const cs_u nq = CS_U(a->c.n[VXG_CT_OF_Q][v0 + v]);                                             \
    cj_f q = cj_floor(LANE_FMA(CJ_SET(row->first_across[v]), fi, CJ_SET(row->first[v])));          \
    const cs_u column = (cs_u)cj_trunc(q);                                                         \
    const cj_f rest = LANE_FMA(CJ_SET(row->rest_across[v]), fi, CJ_SET(row->rest[v])) + round;     \
    cs_u at = CS_U(row->base[v]) + CS_U(row->across[v]) * ii + nq * column;                        \
    const cs_u before = at + cs_bits(LANE_FMA(rq, q, rest));                                       \
    const cs_u touches = cs_below_zero(cs_way(before) - one);                                      \
    cs_u p0 = before;                                                                              \
    if (skip) {                                                                                    \
        at += nq * CS_U((uint32_t)skip), q += CJ_SET((float)skip);                                 \
        p0 = at + cs_bits(LANE_FMA(rq, q, rest));                                                  \
    }                                                                                              \
    const cs_u p1 = at + nq + cs_bits(LANE_FMA(rq, q + CJ_SET(1.0f), rest));                       \
    const cs_u p2 = at + nq + nq + cs_bits(LANE_FMA(rq, q + CJ_SET(2.0f), rest));                  \
    cj_f w0 = cs_hat(cs_chosen(touches, p0, p1)), w1 = cs_hat(cs_chosen(touches, p1, p2));         \
    if (skip && !((float)(skip - 1) * __builtin_fabsf(bu[v]) - 2.5f < 0)) w0 = w1 = CJ_SET(0.0f);  \
    const cj_i first = (cj_i)(column + CS_U((uint32_t)skip + 1) + touches);                        \
    const cj_i inside = cs_clamp(first, -VXG_CT_PAD, a->nu);                                       \
    CS_PAIR(PICK, sum, in + row->start[v], inside, w0, w1, 1, -VXG_CT_PAD);

#define CS_JOSEPH(NAME, PICK)                                                                      \
    static void NAME(const vxg_ct_gather_args *a, const float *in, const ct_row *row, int v0,      \
                     int n, int x0, int skip, float *acc, int nx) {                                \
        const float *bu = a->c.a[VXG_CT_COLUMN] + v0;                                              \
        const cs_u one = CS_U((uint32_t)CT_ONE);                                                   \
        const cj_f round = CJ_SET(CT_ROUND);                                                       \
        for (int x = 0; x < nx; x += CJ_W) {                                                       \
            const cj_f fi = cj_iota() + CJ_SET((float)(x0 + x));                                   \
            const cs_u ii = (cs_u)cj_trunc(fi);                                                    \
            cj_f sum = cj_load(acc + x);                                                           \
            for (int v = 0; v < n; v++) {                                                          \
                CS_JOSEPH_PAIR(PICK)                                                               \
            }                                                                                      \
            *(cj_fu *)(acc + x) = sum;                                                             \
        }                                                                                          \
    }
CS_JOSEPH(cs_joseph_near, cj_pick)
CS_JOSEPH(cs_joseph_wide, cj_pick2)
CS_JOSEPH(cs_joseph_far, cj_gather)

static void cs_joseph_row(const vxg_ct_gather_args *a, const float *in, const ct_row *row, int v0,
                          int n, int x0, int passes, float *acc, int nx) {
    /* a pixel that no column touches may have the column after its neighbour's, by one, and
     * estimates are rounded */
    const cs_reach reach = cs_reach_of(cs_most(row->first_across, n), 2);
    for (int pass = 0; pass < passes; pass++)
        (reach == CS_NEAR   ? cs_joseph_near
         : reach == CS_WIDE ? cs_joseph_wide
                            : cs_joseph_far)(a, in, row, v0, n, x0, 2 * pass, acc, nx);
}

/* Views [v0, v0 + n) onto a tile. */
static void cs_gather_block(const vxg_ct_gather_args *a, ct_tile t, float *acc, int v0, int n) {
    const int passes = a->joseph ? ct_passes(a, v0, n) : 1;
    const float *const in = a->in + v0 * (int64_t)(a->nu + 2 * VXG_CT_PAD);
    ct_places places;
    ct_row row;
    if (!a->joseph)
        ct_places_of(&a->c, v0, n, t.x - 0.5 * (a->nx - 1), t.y - 0.5 * (a->ny - 1), a->nu, 1,
                     &places);
    for (int y = 0; y < t.ny; y++) {
        if (a->joseph) {
            ct_row_of(a, v0, n, t.y + y, &row);
            cs_joseph_row(a, in, &row, v0, n, t.x, passes, acc + y * VXG_CT_TILE, t.nx);
        } else {
            cs_linear_row(a, &places, in, v0, n, y, acc + y * VXG_CT_TILE, t.nx);
        }
    }
}

/* ---- Joseph's projection: a tile onto one view, as ct_joseph_view ---- */
/* Of column q + lane: points i of the tile in their order; those that lie in other tiles count as
 * zero. data: cells along the other axis side by side, `step` from one point to the next. */
#define CS_COLUMNS(NAME, PICK)                                                                     \
    static cj_f NAME(const float *data, int64_t step, const uint32_t *from, const float *rest,     \
                     int n, uint32_t nq, float rq, int q, cj_f sum) {                              \
        const cj_f at = cj_iota() + CJ_SET((float)q), one = CJ_SET(1.0f), slope = CJ_SET(rq);      \
        const cs_u column = CS_U(nq) * (cs_u)cj_trunc(at);                                         \
        for (int i = 0; i < n; i++) {                                                              \
            const cs_u place =                                                                     \
                CS_U(from[i]) + column + cs_bits(LANE_FMA(slope, at, CJ_SET(rest[i])));            \
            const cj_i cell = (cj_i)place >> VXG_CT_CELL;                                          \
            const cj_i mine = (cj_i)((cs_u)cell < CS_U((uint32_t)VXG_CT_TILE));                    \
            const cj_i inside = cs_clamp(cell, 0, VXG_CT_TILE);                                    \
            const cj_f w1 =                                                                        \
                (cj_f)((place & CS_U((uint32_t)CT_ONE - 1)) | CS_U(0x3f800000u)) - one;            \
            cj_f share = CJ_SET(0.0f);                                                             \
            const cj_f w0 = one - w1;                                                              \
            CS_PAIR(PICK, share, data + i * step, inside, w0, w1, 0, 0);                                 \
            sum += (cj_f)((cj_i)share & mine);                                                     \
        }                                                                                          \
        return sum;                                                                                \
    }
CS_COLUMNS(cs_columns_near, cj_pick)
CS_COLUMNS(cs_columns_wide, cj_pick2)
CS_COLUMNS(cs_columns_far, cj_gather)

/* Points' places before columns count, and the columns [q0, q1) that may own one of them: places
 * of others repeat themselves after 512 cells, and are not looked at. */
static void cs_project(const float *data, int64_t step, const uint32_t *from, const float *rest,
                       int n, uint32_t nq, float rq, float bu, int q0, int q1, float *acc) {
    const cs_reach reach = cs_reach_of(__builtin_fabsf(bu), 0);
    for (int q = q0; q < q1; q += CJ_W) {
        float edge[CJ_W];
        const int here = q1 - q < CJ_W ? q1 - q : CJ_W;
        float *const out = here < CJ_W ? edge : acc + q;
        if (here < CJ_W) {
            memset(edge, 0, sizeof edge);
            memcpy(edge, acc + q, (size_t)here * sizeof *edge);
        }
        const cj_f sum = (reach == CS_NEAR ? cs_columns_near
                          : reach == CS_WIDE
                              ? cs_columns_wide
                              : cs_columns_far)(data, step, from, rest, n, nq, rq, q, cj_load(out));
        *(cj_fu *)out = sum;
        if (here < CJ_W) memcpy(acc + q, edge, (size_t)here * sizeof *edge);
    }
}
#endif
#endif
